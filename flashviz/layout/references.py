"""The shot of ReferencesScene: the two grids of the main film's first picture; one O minus the other; and what to read."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

# ``left grid`` and ``right grid``, each under its title and what it stores; ``left``, ``minus``, ``right``, ``equals`` and ``both``: an
# equation of O's, each under its name, and ``times`` the difference is shown; ``ramp``: what a colour means, with a number at each end;
# ``why`` and ``most``: why and how much they differ. ``thumbnail``: where the difference stands, with what it is, beside the ``list``.
REFERENCES: Mapping[Aspect, Table] = {
    "16:9": {
        "left title": (40, 30, 900, 90), "right title": (1020, 30, 1880, 90),
        "left stored": (40, 92, 900, 140), "right stored": (1020, 92, 1880, 140),
        "left grid": (40, 160, 900, 850), "right grid": (1020, 160, 1880, 850), "length": (660, 866, 1260, 920),
        "left name": (100, 50, 620, 110), "right name": (700, 50, 1220, 110), "both name": (1300, 50, 1820, 110),
        "left": (120, 180, 600, 720), "right": (720, 180, 1200, 720), "both": (1320, 180, 1800, 720), "times": (1300, 112, 1820, 170),
        "minus": (600, 400, 720, 500), "equals": (1200, 400, 1320, 500),
        "ramp": (1320, 734, 1800, 762), "ramp low": (1320, 768, 1420, 816), "ramp high": (1500, 768, 1800, 816),
        "why": (120, 750, 1200, 810), "most": (100, 840, 1820, 910),
        "thumbnail": (80, 180, 460, 600), "thumbnail name": (40, 616, 500, 664), "thumbnail most": (40, 666, 500, 714),
        "list": (580, 30, 1860, 924),
    },
    "4:3": {
        "left title": (20, 40, 710, 100), "right title": (730, 40, 1420, 100),
        "left stored": (20, 102, 710, 150), "right stored": (730, 102, 1420, 150),
        "left grid": (20, 190, 710, 820), "right grid": (730, 190, 1420, 820), "length": (420, 850, 1020, 910),
        "left name": (30, 60, 450, 120), "right name": (510, 60, 930, 120), "both name": (990, 60, 1410, 120),
        "left": (40, 200, 440, 680), "right": (520, 200, 920, 680), "both": (1000, 200, 1400, 680), "times": (990, 130, 1410, 190),
        "minus": (440, 390, 520, 490), "equals": (920, 390, 1000, 490),
        "ramp": (1000, 694, 1400, 722), "ramp low": (1000, 728, 1100, 776), "ramp high": (1140, 728, 1400, 776),
        "why": (40, 710, 920, 770), "most": (40, 820, 1400, 890),
        "thumbnail": (60, 200, 340, 520), "thumbnail name": (20, 536, 380, 584), "thumbnail most": (20, 586, 380, 634),
        "list": (420, 30, 1420, 924),
    },
    "1:1": {
        "left title": (6, 80, 530, 140), "right title": (550, 80, 1074, 140),
        "left stored": (6, 142, 530, 190), "right stored": (550, 142, 1074, 190),
        "left grid": (6, 230, 530, 760), "right grid": (550, 230, 1074, 760), "length": (240, 800, 840, 860),
        "left name": (20, 120, 330, 180), "right name": (385, 120, 695, 180), "both name": (750, 120, 1060, 180),
        "left": (30, 260, 320, 640), "right": (395, 260, 685, 640), "both": (760, 260, 1050, 640), "times": (750, 190, 1060, 250),
        "minus": (320, 400, 395, 500), "equals": (685, 400, 760, 500),
        "ramp": (760, 654, 1050, 682), "ramp low": (760, 688, 820, 736), "ramp high": (830, 688, 1050, 736),
        "why": (30, 680, 740, 740), "most": (30, 800, 1050, 870),
        "thumbnail": (40, 24, 220, 194), "thumbnail name": (250, 50, 700, 98), "thumbnail most": (250, 110, 700, 158),
        "list": (40, 210, 1040, 932),
    },
    "9:16": {
        "left title": (20, 160, 530, 220), "right title": (550, 160, 1060, 220),
        "left stored": (20, 222, 530, 270), "right stored": (550, 222, 1060, 270),
        "left grid": (20, 320, 530, 1000), "right grid": (550, 320, 1060, 1000), "length": (240, 1060, 840, 1120),
        "left name": (20, 180, 330, 240), "right name": (385, 180, 695, 240), "both name": (750, 180, 1060, 240),
        "left": (30, 340, 320, 980), "right": (395, 340, 685, 980), "both": (760, 340, 1050, 980), "times": (750, 260, 1060, 320),
        "minus": (320, 610, 395, 710), "equals": (685, 610, 760, 710),
        "ramp": (760, 996, 1050, 1024), "ramp low": (760, 1030, 820, 1078), "ramp high": (830, 1030, 1050, 1078),
        "why": (30, 1020, 740, 1080), "most": (30, 1160, 1050, 1240),
        "thumbnail": (60, 60, 320, 340), "thumbnail name": (350, 130, 1020, 178), "thumbnail most": (350, 190, 1020, 238),
        "list": (60, 380, 1020, 1380),
    },
}  # fmt: skip
