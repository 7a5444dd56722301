"""The objectives of the store.

What customers come for first, then the shop's public address, how long customers wait, and each
service that the mesh counts requests of. A target is a decision and no measurement:
`docs/adr/0038-objectives.md`, `docs/adr/0041-kinds-of-objectives.md`.
"""

from __future__ import annotations

from gallery.objectives.indicators import Availability, Door, Indicator, Journey, Latency
from gallery.objectives.model import Floors, Objective
from gallery.objectives.windows import WINDOW
from gallery.store.roles import RELIABILITY
from gallery.store.services import ENTRANCE

# What an order cannot do without, and what it can.
_NEEDED, _OPTIONAL = 0.995, 0.99


def _objective(name: str, promise: str, indicator: Indicator, target: float) -> Objective:
    return Objective(
        name=name,
        promise=promise,
        indicator=indicator,
        target=target,
        window=WINDOW,
        floors=Floors(),
        owner=RELIABILITY.name,
    )


def _journey(name: str, promise: str, *services: str) -> Objective:
    return _objective(name, promise, Journey(services=services), _NEEDED)


def _answered(service: str, promise: str, target: float) -> Objective:
    return _objective(f"{service}-availability", promise, Availability(service=service), target)


def _fast(service: str, promise: str, milliseconds: float) -> Objective:
    indicator = Latency(service=service, milliseconds=milliseconds)
    return _objective(f"{service}-latency", promise, indicator, _OPTIONAL)


OBJECTIVES: tuple[Objective, ...] = (
    _journey(
        "browse",
        "A customer finds products, with their prices.",
        "productcatalogservice",
        "currencyservice",
    ),
    _journey("fill-the-cart", "A customer fills a cart, and finds it filled.", "cartservice"),
    _journey(
        "check-out",
        "A customer is told what shipping costs, and orders.",
        "checkoutservice",
        "shippingservice",
    ),
    _objective("public-address", "The shop is there, at its public address.", Door(), _NEEDED),
    _fast(ENTRANCE, "Pages of the shop are there within a second.", 1_000),
    _fast("checkoutservice", "An order is taken within two and a half seconds.", 2_500),
    _answered(ENTRANCE, "Every page of the shop that a customer opens is shown.", _NEEDED),
    _answered("cartservice", "What is put into a cart is kept, and shown again.", _NEEDED),
    _answered("checkoutservice", "An order that a customer places is taken.", _NEEDED),
    _answered("currencyservice", "Prices are shown in the customer's currency.", _NEEDED),
    _answered("paymentservice", "A card that is good is charged.", _NEEDED),
    _answered("productcatalogservice", "Products can be listed and opened.", _NEEDED),
    _answered("shippingservice", "What shipping costs is said, and orders are shipped.", _NEEDED),
    _answered("adservice", "Pages show an advertisement.", _OPTIONAL),
    _answered("emailservice", "An order is confirmed by e-mail.", _OPTIONAL),
    _answered("recommendationservice", "Pages recommend other products.", _OPTIONAL),
)
