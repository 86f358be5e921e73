"""The course of one proposal: what has become of it, and what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synergy.store import following, story
from synergy.store.access import Action, Actor, reach
from synergy.store.names import Stage
from synergy.store.store import Store


def course(store: Store, who: Actor, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a page tells of the course of a proposal.

    Parameters
    ----------
    store : Store
    who : Actor
        Who looks.
    record : mapping
        As from `synergy.store.seeing.see_proposal`.

    Returns
    -------
    dict
        ``{story, deal, stages, may_follow}``: events, the partnership or None, all stages, and whether `who` may take
        it to a later one.
    """
    deals = following.followed(store, who, record["round"])
    return {
        "story": story.story(store, who, record["proposal"]),
        "deal": next((one for one in deals if one["proposal"] == record["proposal"]), None),
        "stages": [str(stage) for stage in Stage],
        "may_follow": reach(who, Action.FOLLOW) is not None,
    }
