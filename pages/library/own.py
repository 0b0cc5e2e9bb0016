"""Your model: a file of weights is dropped, and every page works on it."""

from explorer.studio.your_model.page import page

page()
