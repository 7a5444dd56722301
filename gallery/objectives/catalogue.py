"""The objectives of the store.

One for each service that the mesh counts requests of. A target is a decision and no measurement:
`docs/adr/0038-objectives.md`.
"""

from __future__ import annotations

from gallery.objectives.model import Floors, Objective, Reporter
from gallery.objectives.windows import WINDOW
from gallery.store.services import ENTRANCE

# What an order cannot do without, and what it can.
_NEEDED, _OPTIONAL = 0.995, 0.99


def _objective(service: str, promise: str, target: float) -> Objective:
    return Objective(
        service=service,
        promise=promise,
        target=target,
        window=WINDOW,
        seen_by=Reporter.SERVER if service == ENTRANCE else Reporter.CALLERS,
        floors=Floors(),
    )


OBJECTIVES: tuple[Objective, ...] = (
    _objective(ENTRANCE, "Every page of the shop that a customer opens is shown.", _NEEDED),
    _objective("cartservice", "What is put into a cart is kept, and shown again.", _NEEDED),
    _objective("checkoutservice", "An order that a customer places is taken.", _NEEDED),
    _objective("currencyservice", "Prices are shown in the customer's currency.", _NEEDED),
    _objective("paymentservice", "A card that is good is charged.", _NEEDED),
    _objective("productcatalogservice", "Products can be listed and opened.", _NEEDED),
    _objective("shippingservice", "What shipping costs is said, and orders are shipped.", _NEEDED),
    _objective("adservice", "Pages show an advertisement.", _OPTIONAL),
    _objective("emailservice", "An order is confirmed by e-mail.", _OPTIONAL),
    _objective("recommendationservice", "Pages recommend other products.", _OPTIONAL),
)
