"""Files that are shipped into every generated repository as they are; they do not import PaperCoder."""
