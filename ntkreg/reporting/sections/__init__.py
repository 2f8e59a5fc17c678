"""The sections of the report: what each says, and with which charts."""
