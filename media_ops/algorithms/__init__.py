"""One file per algorithm; the folder is the registry.

`MEDIA_OPS_ALGORITHMS` names further folders of such files, as PATH does: yours need not lie in this one.
"""

import os

__path__ = [*__path__, *filter(None, os.environ.get("MEDIA_OPS_ALGORITHMS", "").split(os.pathsep))]
