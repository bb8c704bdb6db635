"""PDF files for tests, written by hand: pages of lines in one font, with what the file says about itself."""

from collections.abc import Mapping, Sequence


def pdf_objects(pages: Sequence[Sequence[str]], info: Mapping[str, str]) -> list[bytes]:
    """The objects of a PDF, from number 1: catalogue, pages, font, information, then page and content by turns."""
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(pages)))
    said = " ".join(f"/{key} ({value})" for key, value in info.items())
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        f"<< {said} >>".encode("latin-1"),
    ]
    for number, lines in enumerate(pages):
        content = f"/Resources << /Font << /F 3 0 R >> >> /Contents {6 + 2 * number} 0 R"
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] {content} >>".encode())
        shown = " ".join(f"({_escaped(line)}) Tj T*" for line in lines)
        objects.append(pdf_stream(f"BT /F 12 Tf 14 TL 50 750 Td {shown} ET".encode("cp1252")))
    return objects


def pdf_stream(data: bytes, filters: str = "") -> bytes:
    """A stream object."""
    return f"<< /Length {len(data)} {filters} >>\nstream\n".encode() + data + b"\nendstream"


def pdf_file(objects: Sequence[bytes], trailer: str = "") -> bytes:
    """The objects as a file with its table of offsets."""
    data, offsets = b"%PDF-1.4\n", []
    for number, value in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n" % number + value + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 4 0 R {trailer} >>\nstartxref\n{len(data)}\n%%EOF\n"
    return data + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end.encode()


def make_pdf(*pages: Sequence[str], **info: str) -> bytes:
    """A PDF of pages, each a sequence of lines; ``info`` as in ``Title="Ferry opens"``."""
    return pdf_file(pdf_objects(pages, info))


def _escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
