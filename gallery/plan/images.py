"""Which image each workload runs: the catalogue's, or the one that the stack file names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gallery.plan.catalogue import Catalogue
from gallery.plan.stack import PRODUCTION
from gallery.stack_file.errors import all_of
from gallery.stack_file.sections import Settings
from gallery.store.companions import COMPANIONS

_DIGEST = "@sha256:"


def images(settings: Settings, catalogue: Catalogue) -> dict[str, str]:
    """The image of everything that the stack runs, by the workload's name."""
    generator = catalogue.load_generator
    known = {each.name: each.image for each in (*catalogue.services, *COMPANIONS)}
    if settings.store.load_generator:
        known[generator.name] = generator.image
    return known | settings.store.images


def idle_images(settings: Settings, catalogue: Catalogue) -> Iterator[str]:
    """Images of what the stack does not run."""
    generator = catalogue.load_generator.name
    if generator in settings.store.images and not settings.store.load_generator:
        yield f"gallery:store.images names {generator}, which this stack does not run; remove it"


def movable(settings: Settings, known: Mapping[str, str]) -> Iterator[str]:
    """What production would run that its owner can change under the same name."""
    found = [name for name, image in known.items() if _DIGEST not in image]
    if found and settings.environment == PRODUCTION:
        first = known[found[0]]
        yield (
            f"gallery:store.images has no digest for {all_of(found)}, and what a tag leads to can "
            f"change under production; write for each its image with the digest that "
            f"`crane digest {first}` tells, as {found[0]}: {first}{_DIGEST}…"
        )
