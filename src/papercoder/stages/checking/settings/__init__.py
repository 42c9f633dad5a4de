"""Settings: the keys of the configuration files, and where the code reads them."""
