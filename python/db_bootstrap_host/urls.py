"""The URLs of the project. Django's commands check them first, so models that only views import are there for them."""

from .failure import Failure, place_of, way_into, whole_text_of

_loaded = False
_broken = None


def load_urls():
    """Imports what the URLs of the project name, at the first call."""
    global _loaded, _broken
    if _broken is not None:
        # What was imported half the way fails with something else at a second try.
        raise _broken
    if _loaded:
        return
    from django.conf import settings
    from django.urls import get_resolver

    if getattr(settings, "ROOT_URLCONF", None):
        try:
            get_resolver().url_patterns
        except (Exception, SystemExit) as error:  # views are the project's own code
            _broken = Failure("setup", whole_text_of(error), **(place_of(error) or way_into(error)))
            raise _broken from error
    _loaded = True
