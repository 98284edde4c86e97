"""Which tests are a room's: ``./run.sh test layout``. A file may be several rooms'.

Rooms are those of docs/architecture.md. A room in ``LIGHT`` draws nothing, and so are its tests: they run where manim and cairo are not.
"""

from __future__ import annotations

ROOMS: dict[str, tuple[str, ...]] = {
    "config": ("config", "inputs"),
    "trace": ("trace", "statements", "generic_trace", "damaged", "same_events"),
    "memory": ("memory", "figures"),
    "storyboard": ("storyboard",),
    "settings": ("settings",),
    "layout": ("layout",),
    "generic": ("touches",),
    "citations": ("citations",),
    "kernels": (
        "algorithms", "backward", "gradients", "reports",
        "accuracy", "altered", "attention", "bfloat16", "compiler", "corpus", "forward", "gpu", "gpu_session", "hopper", "kernel_files",
        "libdevice", "mutations", "placement", "recorder", "reference", "shortcuts", "special_values", "trace_kernel", "witness",
    ),
    "lettering": ("lettering", "outlines"),
    "catalogue": ("catalogue",),
    "palette": ("theme", "drawn"),
    "mobjects": ("beats", "chip"),
    "director": ("film", "directed", "toys", "drawn", "course", "kernel_film", "bounded", "beats"),
    "chapters": (
        "measured", "pipeline", "rescale", "roofline", "causal", "exactness", "io_complexity", "speed",
        "backward_film", "grouped_query", "loop_order", "memory_hierarchy", "memory_scaling", "merge", "references", "score",
        "standard_attention", "training_memory",
    ),
    "scenes": ("scenes",),
    "render": (
        "cache_key", "made", "render_held", "render_parity", "render_segments", "render_writer", "workers",
        "cluster", "browser", "frames", "reliable_renders", "skipped",
    ),
    "delivery": ("deliver", "embedding", "films_in_browser", "handout", "lecture", "notebook", "pages", "quiz", "slides"),
    "export": ("perfetto", "player"),
    "player": ("player", "player_page", "toys", "lazy", "window"),
    "cli": ("cli", "bad_input", "bench", "settings"),
    "docs": ("docs", "maths", "site", "workflows", "setup", "rooms"),
}  # fmt: skip

LIGHT = ("config", "trace", "memory", "storyboard", "settings", "layout", "generic", "citations", "kernels")
