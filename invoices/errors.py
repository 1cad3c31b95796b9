"""What may not happen to paper. None of it is for a customer's eyes."""


class LinesDoNotAddUp(ValueError):
    """The lines of a document are not what was paid, or less is left of them than goes back."""


class IssuedDocument(RuntimeError):
    """An issued document was about to be changed or deleted."""


class PdfDamaged(RuntimeError):
    """The stored bytes of a PDF are not the ones that were issued."""
