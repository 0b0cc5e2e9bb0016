"""Your model: upload a file of weights, and use every page with it."""

from explorer.studio.your_model.page import page

page()
