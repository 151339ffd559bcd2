"""Write one window to Parquet files, on a worker; only the process that asked for it commits them."""

from __future__ import annotations

from dataclasses import dataclass

from dyno_frames.export.cluster import WrittenWindow
from dyno_frames.export.files import FileFormat, write_files
from dyno_frames.export.manifest import StoredFile
from dyno_frames.export.partitions import split
from dyno_frames.export.queries import with_keys
from dyno_frames.export.targets import FileTarget
from dyno_frames.integrations.dask.frozen import FrozenScan
from dyno_frames.integrations.dask.read import read_window
from dyno_frames.integrations.dask.sessions import session_of
from dyno_frames.scan.scan import fixed
from dyno_frames.scan.windows import Window


@dataclass(frozen=True, slots=True)
class WriteWindow:
    """The function that writes the rows of a window.

    A file is stored under the name of its digest once it is complete, so that a window may be written more than once.

    Parameters
    ----------
    frozen
        The query and the account.
    form
        The format of the files.
    target
        Where they are stored.
    """

    frozen: FrozenScan
    form: FileFormat
    target: FileTarget

    def __repr__(self) -> str:
        return f"WriteWindow({self.frozen!r})"

    def __call__(self, window: Window) -> WrittenWindow:
        """Write the rows of a window, and return its files.

        Raises
        ------
        ConfigError
            A row has no value for a partition, or a value that cannot name a folder.
        """
        scan = with_keys(self.frozen.on(session_of(self.frozen)))
        answer, rows = read_window(scan, window)
        certificate = answer.certificate.to_json()
        form = self.form.certified(certificate)
        table = fixed(answer.table, scan.options.columns or scan.schema.names)
        files: list[StoredFile] = []
        with self.target.folder() as folder:
            for values, part in split(table, form.partitions):
                for file, path in write_files([part], values, form, folder):
                    self.target.put(path, file.path)
                    files.append(file)
        return WrittenWindow(window.low, rows, certificate, tuple(files))
