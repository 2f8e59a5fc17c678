"""The workbooks that are written: results, and the sheet of expectations to fill in."""
