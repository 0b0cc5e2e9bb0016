"""The folder of our own models that the tests of the app have."""

from tests.app.conftest import shelf, shelve, shelve_task

__all__ = ["shelf", "shelve", "shelve_task"]
