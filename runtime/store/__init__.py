"""Where results live: artifacts with digests, certificates and provenance; claims; failures."""
