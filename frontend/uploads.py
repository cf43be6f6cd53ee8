"""Files that a visitor sent, taken out of Streamlit's hands."""

from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

ZIP_STARTS = (b"PK\3\4", b"PK\5\6")  # the second: of an empty one
MOST_PICTURE_MB = 32  # what the API takes of one picture
MOST_PICTURE_BYTES = MOST_PICTURE_MB * 2**20
MOST_ZIP_MB = 500  # as server.maxUploadSize in .streamlit/config.toml, beyond which Streamlit refuses


def take(upload: UploadedFile) -> bytes:
    """The bytes of `upload`, which Streamlit then keeps no more.

    By itself it would, until the visitor closes the page: somebody who asks about 500 pictures would leave
    all of them in memory. The widget that received it must not be drawn again under the same key.
    """
    data = upload.getvalue()
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, upload.file_id)
    return data
