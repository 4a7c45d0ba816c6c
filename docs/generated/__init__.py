"""The pages of the site that are made from the sources, one function a page."""
