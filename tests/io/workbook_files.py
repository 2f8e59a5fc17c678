"""Writers of small workbooks in every format, for tests: a list of sheets -> bytes of a file."""

import io
import struct
import zipfile
from datetime import datetime, timedelta
from xml.sax.saxutils import escape, quoteattr

import openpyxl
import xlwt

ERROR_CODES = {"#DIV/0!": 0x07, "#N/A": 0x2A, "#VALUE!": 0x0F}
ODS_MIME = "application/vnd.oasis.opendocument.spreadsheet"
_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "style")
)


def is_error(value):
    return isinstance(value, str) and value in ERROR_CODES


def zip_of(parts, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def write_xlsx(sheets, hidden=(), merged=()):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for i, row in enumerate(rows, 1):
            for j, value in enumerate(row, 1):
                sheet.cell(i, j, value)
        for top, left, bottom, right in merged:
            sheet.merge_cells(None, top + 1, left + 1, bottom + 1, right + 1)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def write_xls_cell(sheet, i, j, value, date):
    if is_error(value):
        sheet.row(i).set_cell_error(j, ERROR_CODES[value])
    elif isinstance(value, datetime):
        sheet.write(i, j, value, date)
    elif value is not None:
        sheet.write(i, j, value)


def write_xls(sheets, hidden=(), merged=(), change=None):
    book = xlwt.Workbook(encoding="utf-8")
    date = xlwt.easyxf(num_format_str="yyyy/mm/dd hh:mm:ss")
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                write_xls_cell(sheet, i, j, value, date)
        for top, left, bottom, right in merged:
            sheet.merge(top, bottom, left, right)
        sheet.visibility = 1 if name in hidden else 0
    if change is not None:
        change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def ods_cell(value):
    if value is None:
        return "<table:table-cell/>"
    if is_error(value):
        return (
            '<table:table-cell table:formula="of:=1/0" office:value-type="string" '
            f'office:string-value=""><text:p>{value}</text:p></table:table-cell>'
        )
    if isinstance(value, bool):
        kind, name, text = "boolean", "boolean-value", str(value).lower()
    elif isinstance(value, datetime):
        kind, name, text = "date", "date-value", value.isoformat()
    elif isinstance(value, timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        text = f"PT{minutes // 60:02}H{minutes % 60:02}M{seconds:02}S"
        kind, name = "time", "time-value"
    elif isinstance(value, str):
        return (
            '<table:table-cell office:value-type="string">'
            f"<text:p>{escape(value)}</text:p></table:table-cell>"
        )
    else:
        kind, name, text = "float", "value", repr(value)
    return (
        f'<table:table-cell office:value-type="{kind}" office:{name}="{text}">'
        f"<text:p>{text}</text:p></table:table-cell>"
    )


def ods_row(cells):
    return "<table:table-row>" + "".join(cells) + "</table:table-row>"


def ods_of(tables, hidden=()):
    """Return an .ods file of tables given as XML of their rows."""
    body = "".join(
        f"<table:table table:name={quoteattr(name)} "
        f'table:style-name="{"off" if name in hidden else "on"}">{rows}</table:table>'
        for name, rows in tables.items()
    )
    styles = "".join(
        f'<style:style style:name="{name}" style:family="table">'
        f'<style:table-properties table:display="{shown}"/></style:style>'
        for name, shown in (("on", "true"), ("off", "false"))
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_NAMES}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f"<office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODS_MIME}"/>'
        "</manifest:manifest>"
    )
    parts = {"mimetype": ODS_MIME, "content.xml": content, "META-INF/manifest.xml": manifest}
    return zip_of(parts)


def spanned(cell, top, left, bottom, right):
    spans = f'table:number-rows-spanned="{bottom - top + 1}" '
    spans += f'table:number-columns-spanned="{right - left + 1}"'
    return cell.replace("<table:table-cell", f"<table:table-cell {spans}", 1)


def write_ods(sheets, hidden=(), merged=()):
    tables = {}
    for name, rows in sheets.items():
        cells = [list(map(ods_cell, row)) for row in rows]
        for area in merged:
            row, column = area[:2]
            cells[row][column] = spanned(cells[row][column], *area)
        tables[name] = "".join(map(ods_row, cells))
    return ods_of(tables, hidden)


def record(kind, body=b""):
    """Return one record of a binary workbook: kind and length in groups of seven bits."""
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    length, size = bytearray(), len(body)
    while size > 127:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return head + bytes(length) + bytes([size]) + body


def wide(text):
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb_cell(column, value):
    head = struct.pack("<II", column, 1 if isinstance(value, datetime) else 0)
    if value is None:
        return record(1, head)
    if is_error(value):
        return record(3, head + bytes([ERROR_CODES[value]]))
    if isinstance(value, bool):
        return record(4, head + bytes([value]))
    if isinstance(value, str):
        return record(6, head + wide(value))
    if isinstance(value, datetime):
        seconds = (value - datetime(1899, 12, 30)).total_seconds()
        value = seconds / 86_400
    return record(5, head + struct.pack("<d", value))


def xlsb_sheet(rows, merged=()):
    used = struct.pack("<4I", 0, max(len(rows) - 1, 0), 0, max(map(len, rows), default=1) - 1)
    body = record(129) + record(148, used) + record(145)
    for i, row in enumerate(rows):
        body += record(0, struct.pack("<IIHBBI", i, 0, 300, 0, 0, 0) + b"\0")
        body += b"".join(xlsb_cell(j, value) for j, value in enumerate(row))
    body += record(146) + record(177, struct.pack("<I", len(merged)))
    for top, left, bottom, right in merged:
        body += record(176, struct.pack("<4I", top, bottom, left, right))
    return body + record(178) + record(130)


def write_xlsb(sheets, hidden=(), merged=()):
    place = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    book, links, parts = record(131) + record(153, bytes(12)) + record(143), "", {}
    for k, (name, rows) in enumerate(sheets.items(), 1):
        state = struct.pack("<II", int(name in hidden), k)
        book += record(156, state + wide(f"rId{k}") + wide(name))
        links += (
            f'<Relationship Id="rId{k}" Type="{place}/worksheet" Target="worksheets/sheet{k}.bin"/>'
        )
        parts[f"xl/worksheets/sheet{k}.bin"] = xlsb_sheet(rows, merged)
    links += f'<Relationship Id="rIdS" Type="{place}/styles" Target="styles.bin"/>'
    # two cell formats: general, and number 14, a date
    xfs = [struct.pack("<HH", 0, number) + bytes(12) for number in (0, 14)]
    styles = record(278) + record(617, struct.pack("<I", 2))
    styles += b"".join(record(47, xf) for xf in xfs) + record(618) + record(279)
    space = 'xmlns="http://schemas.openxmlformats.org/package/2006/'
    links = f'<Relationships {space}relationships">{links}</Relationships>'
    parts |= {
        "[Content_Types].xml": f'<Types {space}content-types"/>',
        "xl/workbook.bin": book + record(144) + record(132),
        "xl/_rels/workbook.bin.rels": links,
        "xl/styles.bin": styles,
    }
    return zip_of(parts)


WRITERS = {"xlsx": write_xlsx, "xls": write_xls, "xlsb": write_xlsb, "ods": write_ods}
