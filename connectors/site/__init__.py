"""The static site: pages rendered while it is built, readable from a folder, without a server or a script."""
