"""Custom networks over the API: kept, looked at, changed, put into the bin."""

from fastapi import APIRouter

from glasshouse.layers import LAYERS
from glasshouse.layers.look import look, memory
from glasshouse.store.networks import (
    NewNetwork,
    change_network,
    count_networks,
    get_network,
    list_networks,
    page_of_networks,
    save_network,
)
from glasshouse.web.context.owned_records import put_away, restored
from glasshouse.web.context.request_context import Context
from glasshouse.web.framework.listing import AskedNetworks, listed
from glasshouse.web.networks.controls import controls
from glasshouse.web.networks.shapes import (
    NetworkChanges,
    NetworkList,
    NetworkOut,
    NetworkRequest,
    NetworkSeen,
    SeenRequest,
)

__all__ = ["router"]

router = APIRouter(prefix="/networks", tags=["networks"])


@router.get("")
def show_all(context: Context, listing: AskedNetworks) -> NetworkList:
    """List networks, as their page does.

    ``binned`` shows the bin; ``owner`` is mine or others. The next page is asked with the ``after`` of this one, the
    page before it with its ``before``; with ``offset`` rows are counted instead.
    """
    store, user = context.store, context.user
    page = listed(
        listing,
        lambda asked: list_networks(store, user, asked),
        lambda asked: page_of_networks(store, user, asked),
    )
    count = count_networks(store, user, listing)
    return NetworkList(
        items=[NetworkOut.of(one) for one in page.items], count=count, after=page.after, before=page.before
    )


@router.post("", status_code=201)
def make(context: Context, request: NetworkRequest) -> NetworkOut:
    """Keep a network. A recipe names it by ``"network": "network:ID"``."""
    return NetworkOut.of(save_network(context.store, NewNetwork(**request.model_dump()), context.user))


@router.get("/vocabulary")
def vocabulary(context: Context) -> dict[str, list[dict[str, object]]]:
    """Tell the layers that there are, each with its settings: name, kind, default, choices."""
    return {
        word: [{"name": c.name, "kind": c.kind, "needed": c.needed, "default": c.default, "choices": list(c.choices)}
               for c in controls(word)]
        for word in LAYERS
    }  # fmt: skip


@router.post("/look")
def look_at(context: Context, request: SeenRequest) -> NetworkSeen:
    """Say what layers amount to, without keeping them: shapes, weights, memory, and every problem at its layer."""
    seen = look(request.layers)
    return NetworkSeen.of(seen, memory(seen, request.batch_size, request.slots))


@router.get("/{network_id}")
def show(context: Context, network_id: str) -> NetworkOut:
    """Show one network."""
    return NetworkOut.of(get_network(context.store, network_id, context.user))


@router.patch("/{network_id}")
def change(context: Context, network_id: str, changes: NetworkChanges) -> NetworkOut:
    """Change its layers, objective, optimizer, name, notes, group or sharing."""
    asked = changes.model_dump(exclude_unset=True)
    return NetworkOut.of(change_network(context.store, network_id, asked, context.user))


@router.delete("/{network_id}")
def delete(context: Context, network_id: str, for_good: bool = False) -> NetworkOut:
    """Put it into the bin; with ``for_good`` a network in the bin is deleted."""
    record = get_network(context.store, network_id, context.user)
    return NetworkOut.of(put_away(context, record, for_good=for_good))


@router.post("/{network_id}/restore")
def restore(context: Context, network_id: str) -> NetworkOut:
    """Take it out of the bin."""
    return NetworkOut.of(restored(context, get_network(context.store, network_id, context.user)))
