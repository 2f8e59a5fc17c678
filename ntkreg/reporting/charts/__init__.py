"""The charts of the report: inline SVG, drawn beforehand, one small chart a question."""
