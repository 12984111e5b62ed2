"""The JupyterLab extension of Nebula Campus, as a wheel: its files are data that JupyterLab finds by itself."""
