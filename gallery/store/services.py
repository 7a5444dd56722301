"""The store's services: what each one is, whom it calls, and what its outage does to customers.

The call graph is written here and nowhere else; addresses, network policies, probes, the
simulated store and the alerts that a drill allows are all derived from it.

Sources: GoogleCloudPlatform/microservices-demo v0.10.6, `release/kubernetes-manifests.yaml`; who
asks whom for what, and what it does without an answer: `src/frontend/{rpc,handlers}.go`,
`src/checkoutservice/main.go`, `src/recommendationservice/recommendation_server.py`,
`src/cartservice/src/cartstore/RedisCartStore.cs`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gallery.store.call_graph import Call, Method, once, repeatable
from gallery.store.ending import ALONE, CALLED, CALLED_FROM_OUTSIDE, Ending

NAMESPACE = "gallery"
# The label of pods that selectors and discovery go by; its value is the workload's name.
APP = "app"
IMAGE_REPOSITORY = "us-central1-docker.pkg.dev/online-boutique-ci/microservices-demo"
IMAGE_VERSION = "v0.10.6"
# The service that answers behind the shop's door.
ENTRANCE = "frontend"


# A gRPC server's own faults: unknown, deadline exceeded, unimplemented, internal, unavailable, data
# loss (OpenTelemetry, "Semantic conventions for gRPC"). Their HTTP status is 200.
SERVER_FAULTS = (2, 4, 12, 13, 14, 15)
INTERNAL, _FAILED_PRECONDITION = 13, 9


class Protocol(StrEnum):
    """What a service speaks, and so how it is probed. The value is Kubernetes' appProtocol."""

    HTTP = "http"
    GRPC = "grpc"
    TCP = "tcp"


@dataclass(frozen=True, kw_only=True)
class Resources:
    """CPU in millicores, memory in mebibytes; request and limit.

    `storage` is on the node's own disk, in mebibytes: what a container writes beside its volumes,
    volumes that end with its pod, and its log, of which OpenShift keeps 250 MiB.
    """

    cpu: tuple[int, int]
    memory: tuple[int, int]
    storage: tuple[int, int] = (64, 512)


@dataclass(frozen=True, kw_only=True)
class Probe:
    """How the kubelet asks a container.

    `path` is asked by HTTP, `command` is run inside it where its port tells too little.
    `starts_within` is what it may take to start, in seconds.
    """

    path: str | None = None
    command: tuple[str, ...] = ()
    starts_within: int = 60


@dataclass(frozen=True, kw_only=True)
class Guard:
    """How a password protects a service, where a stack has one for it.

    `variable` holds it in the service's own container and `callers_variable` in its callers'; there
    `arguments` and `address`, which is added to what callers dial, refer to it: Kubernetes puts the
    value in their place, and none of what is declared has it.
    """

    variable: str
    callers_variable: str
    arguments: tuple[str, ...]
    address: str


@dataclass(frozen=True, kw_only=True)
class Impact:
    """What customers notice while the service is down; empty where they notice nothing."""

    disruption: str
    data_unavailable: str = ""
    delayed_transactions: str = ""
    user_experience: str

    def sentence(self) -> str:
        """One line for the page's text and the dashboard."""
        parts = (
            self.disruption,
            self.data_unavailable,
            self.delayed_transactions,
            self.user_experience,
        )
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, kw_only=True)
class Service:
    """One workload of the store.

    `service_port` is what callers dial, `container_port` what the process listens on.
    `grpc_service` is the name under which it offers its methods, where it speaks gRPC, and
    `fails_with` the status of its answer where something that it needs has failed it.
    `data_path` is where the process keeps what must outlive its pod; such a service runs once.
    """

    name: str
    language: str
    image: str
    protocol: Protocol
    service_port: int
    container_port: int
    resources: Resources
    impact: Impact
    calls: tuple[Call, ...] = ()
    methods: tuple[Method, ...] = ()
    grpc_service: str | None = None
    fails_with: int = INTERNAL
    environment: dict[str, str] = field(default_factory=dict[str, str])
    arguments: tuple[str, ...] = ()
    data_path: str | None = None
    guard: Guard | None = None
    probe: Probe = Probe()

    @property
    def host(self) -> str:
        """Its name inside the cluster, the same from every namespace."""
        return f"{self.name}.{NAMESPACE}.svc.cluster.local"

    @property
    def address(self) -> str:
        """`host:port` inside the cluster."""
        return f"{self.host}:{self.service_port}"

    def path(self, method: str) -> str:
        """The path by which a method is asked for over gRPC."""
        return f"/{self.grpc_service}/{method}"

    @property
    def ending(self) -> Ending:
        """How its pods end."""
        if self.data_path:
            return ALONE
        return CALLED_FROM_OUTSIDE if self.name == ENTRANCE else CALLED

    @property
    def callees(self) -> tuple[str, ...]:
        """Whom it calls."""
        return tuple(call.callee for call in self.calls)


@dataclass(frozen=True, kw_only=True)
class LoadGenerator:
    """Locust, which plays customers outside production. It listens on nothing."""

    name: str
    language: str
    image: str
    calls: tuple[Call, ...]
    environment: dict[str, str]
    resources: Resources


def _image(name: str) -> str:
    return f"{IMAGE_REPOSITORY}/{name}:{IMAGE_VERSION}"


def _grpc(
    name: str,
    language: str,
    port: int,
    *,
    container_port: int | None = None,
    resources: Resources,
    impact: Impact,
    offers: str,
    methods: tuple[Method, ...],
    calls: tuple[Call, ...] = (),
    environment: dict[str, str] | None = None,
    fails_with: int = INTERNAL,
    probe: Probe = Probe(),
) -> Service:
    container = container_port or port
    return Service(
        name=name,
        language=language,
        image=_image(name),
        protocol=Protocol.GRPC,
        service_port=port,
        container_port=container,
        resources=resources,
        impact=impact,
        calls=calls,
        methods=methods,
        grpc_service=f"hipstershop.{offers}",
        fails_with=fails_with,
        environment={"PORT": str(container)} | (environment or {}),
        probe=probe,
    )


_SMALL = Resources(cpu=(100, 200), memory=(64, 128))
# The Helm chart of the same release gives the .NET and Node services twice the manifest's
# memory; the manifest's 128 Mi limit is where they were seen to be killed.
_ROOMY = Resources(cpu=(100, 200), memory=(128, 256))
# What is for sale (`src/productcatalogservice/products.json`), and so the most that a cart holds of
# different things: each is looked up and converted by itself, and the shipping cost once. And how
# many recommendations come, of which the frontend looks each one up.
_PRODUCTS, _RECOMMENDED = 9, 5
_NO_PROFILER = {"DISABLE_PROFILER": "1"}

# Where carts have no volume of their own they are on the node.
_CARTS = Resources(cpu=(70, 125), memory=(200, 256), storage=(256, 2048))

SERVICES: tuple[Service, ...] = (
    Service(
        name=ENTRANCE,
        language="Go",
        image=_image(ENTRANCE),
        protocol=Protocol.HTTP,
        service_port=80,
        container_port=8080,
        resources=_SMALL,
        calls=(
            Call(
                "adservice",
                variable="AD_SERVICE_ADDR",
                methods=("GetAds",),
                without="shows no advertisement",
            ),
            Call(
                "cartservice",
                variable="CART_SERVICE_ADDR",
                methods=("AddItem", "EmptyCart", "GetCart"),
            ),
            Call("checkoutservice", variable="CHECKOUT_SERVICE_ADDR", methods=("PlaceOrder",)),
            Call(
                "currencyservice",
                variable="CURRENCY_SERVICE_ADDR",
                methods=("Convert", "GetSupportedCurrencies"),
                often={"Convert": _PRODUCTS + 1},
            ),
            Call(
                "productcatalogservice",
                variable="PRODUCT_CATALOG_SERVICE_ADDR",
                methods=("GetProduct", "ListProducts"),
                often={"GetProduct": _PRODUCTS + _RECOMMENDED},
            ),
            Call(
                "recommendationservice",
                variable="RECOMMENDATION_SERVICE_ADDR",
                methods=("ListRecommendations",),
                without="shows no recommendations",
            ),
            Call("shippingservice", variable="SHIPPING_SERVICE_ADDR", methods=("GetQuote",)),
        ),
        methods=(*repeatable("GET", "HEAD"), *once("POST")),
        environment={
            "PORT": "8080",
            "ENABLE_PROFILER": "0",
            "ENV_PLATFORM": "aws",
            # The frontend refuses to start without it, although nothing answers there.
            "SHOPPING_ASSISTANT_SERVICE_ADDR": "shoppingassistantservice:80",
        },
        probe=Probe(path="/_healthz"),
        impact=Impact(
            disruption="The shop is closed: no page loads.",
            data_unavailable="Products, prices and carts cannot be seen.",
            delayed_transactions="No order can be placed.",
            user_experience="Customers see an error page or nothing.",
        ),
    ),
    _grpc(
        "adservice",
        "Java",
        9555,
        resources=Resources(cpu=(200, 300), memory=(180, 300)),
        offers="AdService",
        methods=repeatable("GetAds"),
        # A virtual machine that compiles what it runs, on a fifth of a processor.
        probe=Probe(starts_within=180),
        impact=Impact(
            disruption="No advertisements; selling goes on.",
            user_experience="Pages show an empty space where the advertisement was.",
        ),
    ),
    _grpc(
        "cartservice",
        "C#",
        7070,
        resources=Resources(cpu=(200, 300), memory=(128, 256)),
        offers="CartService",
        methods=(*once("AddItem"), *repeatable("EmptyCart", "GetCart")),
        calls=(Call("redis-cart", variable="REDIS_ADDR"),),
        # Whatever Redis does to it, a shopper is told that a precondition failed.
        fails_with=_FAILED_PRECONDITION,
        probe=Probe(starts_within=90),
        impact=Impact(
            disruption="Nothing can be put into a cart and no cart can be bought.",
            data_unavailable="The contents of every cart cannot be seen.",
            delayed_transactions="Orders wait until carts are back.",
            user_experience="Every page that shows the cart's size fails, the home page too.",
        ),
    ),
    _grpc(
        "checkoutservice",
        "Go",
        5050,
        resources=_SMALL,
        offers="CheckoutService",
        methods=once("PlaceOrder"),
        calls=(
            Call("cartservice", variable="CART_SERVICE_ADDR", methods=("EmptyCart", "GetCart")),
            Call(
                "currencyservice",
                variable="CURRENCY_SERVICE_ADDR",
                methods=("Convert",),
                often={"Convert": _PRODUCTS + 1},
            ),
            Call(
                "emailservice",
                variable="EMAIL_SERVICE_ADDR",
                methods=("SendOrderConfirmation",),
                without="places the order without a confirmation",
            ),
            Call("paymentservice", variable="PAYMENT_SERVICE_ADDR", methods=("Charge",)),
            Call(
                "productcatalogservice",
                variable="PRODUCT_CATALOG_SERVICE_ADDR",
                methods=("GetProduct",),
                often={"GetProduct": _PRODUCTS},
            ),
            Call(
                "shippingservice",
                variable="SHIPPING_SERVICE_ADDR",
                methods=("GetQuote", "ShipOrder"),
            ),
        ),
        impact=Impact(
            disruption="No order can be placed.",
            delayed_transactions="Every purchase waits; some customers will not come back.",
            user_experience="Browsing works, paying ends in an error.",
        ),
    ),
    _grpc(
        "currencyservice",
        "Node",
        7000,
        resources=_ROOMY,
        offers="CurrencyService",
        methods=repeatable("Convert", "GetSupportedCurrencies"),
        environment=_NO_PROFILER,
        impact=Impact(
            disruption="Prices cannot be shown, so no page with a price loads.",
            data_unavailable="Prices cannot be read in any currency.",
            delayed_transactions="No order can be placed.",
            user_experience="Customers see an error page.",
        ),
    ),
    _grpc(
        "emailservice",
        "Python",
        5000,
        container_port=8080,
        resources=_SMALL,
        offers="EmailService",
        methods=once("SendOrderConfirmation"),
        environment=_NO_PROFILER,
        impact=Impact(
            disruption="Orders go through without a confirmation.",
            delayed_transactions="Confirmations of this time are not sent later.",
            user_experience="Customers wonder whether they have bought, and ask.",
        ),
    ),
    _grpc(
        "paymentservice",
        "Node",
        50051,
        resources=_ROOMY,
        offers="PaymentService",
        methods=once("Charge"),
        environment=_NO_PROFILER,
        impact=Impact(
            disruption="No card can be charged, so no order is completed.",
            delayed_transactions="Every purchase waits.",
            user_experience="Paying ends in an error; customers may try twice.",
        ),
    ),
    _grpc(
        "productcatalogservice",
        "Go",
        3550,
        resources=_SMALL,
        offers="ProductCatalogService",
        methods=repeatable("GetProduct", "ListProducts"),
        environment=_NO_PROFILER,
        impact=Impact(
            disruption="There is nothing to sell: no product can be listed or opened.",
            data_unavailable="The whole catalogue cannot be read.",
            delayed_transactions="No order can be placed.",
            user_experience="The home page and every product page fail.",
        ),
    ),
    _grpc(
        "recommendationservice",
        "Python",
        8080,
        resources=Resources(cpu=(100, 200), memory=(220, 450)),
        offers="RecommendationService",
        methods=repeatable("ListRecommendations"),
        calls=(
            Call(
                "productcatalogservice",
                variable="PRODUCT_CATALOG_SERVICE_ADDR",
                methods=("ListProducts",),
            ),
        ),
        environment=_NO_PROFILER,
        impact=Impact(
            disruption="No recommendations; selling goes on, with fewer items in a cart.",
            user_experience="Product and cart pages lack their suggestions.",
        ),
    ),
    _grpc(
        "shippingservice",
        "Go",
        50051,
        resources=_SMALL,
        offers="ShippingService",
        methods=(*once("ShipOrder"), *repeatable("GetQuote")),
        environment=_NO_PROFILER,
        impact=Impact(
            disruption="No shipping cost can be quoted and no order shipped.",
            delayed_transactions="Orders wait until shipping is back.",
            user_experience="The cart page fails; browsing works.",
        ),
    ),
    Service(
        name="redis-cart",
        language="C",
        image="docker.io/library/redis:8.2-alpine",
        protocol=Protocol.TCP,
        service_port=6379,
        container_port=6379,
        resources=_CARTS,
        arguments=(
            # A second's carts are lost at most; snapshots alone would lose minutes.
            *("--appendonly", "yes"),
            # Half of what it may have: it writes its files from a copy of itself, which takes as
            # much again while everything changes. Then the carts go that nobody has looked at for
            # longest, where Redis would be killed, or take no cart any more.
            *("--maxmemory", f"{_CARTS.memory[1] // 2}mb", "--maxmemory-policy", "allkeys-lru"),
        ),
        guard=Guard(
            # That of Redis' own client, by which the kubelet asks.
            variable="REDISCLI_AUTH",
            callers_variable="REDIS_PASSWORD",
            arguments=("--requirepass", "$(REDISCLI_AUTH)"),
            # The cart service hands the whole to its client (StackExchange.Redis, "Configuration").
            address=",password=$(REDIS_PASSWORD)",
        ),
        data_path="/data",
        # It listens while it still reads what it had, and answers with an error.
        probe=Probe(command=("sh", "-c", "redis-cli ping | grep -q PONG"), starts_within=120),
        impact=Impact(
            disruption="The cart service answers, but keeps nothing.",
            data_unavailable="The contents of every cart cannot be seen.",
            delayed_transactions="Orders wait until carts are back.",
            user_experience="Adding to the cart and opening it end in an error.",
        ),
    ),
)

LOAD_GENERATOR = LoadGenerator(
    name="loadgenerator",
    language="Python",
    image=_image("loadgenerator"),
    calls=(Call(ENTRANCE, variable="FRONTEND_ADDR", methods=("GET", "POST")),),
    environment={"USERS": "10", "RATE": "1"},
    resources=Resources(cpu=(300, 500), memory=(256, 512)),
)
