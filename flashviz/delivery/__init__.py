"""What leaves the workshop: a film in a folder with all that a lecture, a page or a slide needs of it."""

from flashviz.delivery.manifest import MANIFEST, Files, Manifest, read_manifest, write_manifest

__all__ = ["MANIFEST", "Files", "Manifest", "read_manifest", "write_manifest"]
