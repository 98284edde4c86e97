"""A trace in the formats of other tools.

timeline    Timeline: tracks, slices and counters of a trace, in no format
protobuf    Rows: many protobuf messages at once
perfetto    write_perfetto: a file for ui.perfetto.dev
player      player_json: a file for the player in a page
"""

from flashviz.export.perfetto import write_perfetto
from flashviz.export.player import player_json
from flashviz.export.timeline import Timeline, timeline_of

__all__ = ["Timeline", "player_json", "timeline_of", "write_perfetto"]
