"""What one visitor has asked so far. It outlives Streamlit's reruns: the API is asked nothing twice."""

from dataclasses import dataclass, field, replace
from typing import cast

import streamlit as st

from frontend.answering import brought, calls
from frontend.answering.answers import Explanation
from frontend.answering.calls import Wanted
from frontend.answers import LibraryImage, Prediction, Similar
from frontend.client import Api, ApiError
from frontend.picture import Picture, preview
from frontend.uploads import MOST_PICTURE_BYTES, MOST_PICTURE_MB

KEY = "visit"
LAST = "visit-number"
IMAGE, PICTURE = "image", "picture"  # in the address: of the library, or the visitor's own
MOST_FAILURES = 10


@dataclass
class Visit:
    """`comparable`: whether there are pictures to compare with; `number`: tells this from other visits of
    the same visitor, for the keys of widgets; `centre`: the picture of the library whose like is shown
    instead of the visitor's; `doubted`: whether the visitor is about to say what is wrong; `reported`: the
    thanks for what they said of the answer; `thanked`: whether they said it just now; `refused`: why the
    picture was not taken, and is not held; `failures`: how often no answer came; `token`: by which a picture
    that they brought along is found again where the page is loaded anew."""

    picture: Picture
    preview: bytes | None
    comparable: bool
    number: int | str
    prediction: Prediction | None = None
    centre: LibraryImage | None = None
    doubted: bool = False
    reported: str | None = None
    thanked: bool = False
    refused: str | None = None
    failures: int = 0
    token: str = ""
    similar: dict[tuple[int | None, Wanted], Similar] = field(default_factory=dict)
    explained: dict[str, Explanation] = field(default_factory=dict)

    @property
    def address(self) -> tuple[str, str]:
        """Where its answer is to be found: a name and a value."""
        image = self.picture.image_id
        return (PICTURE, self.token) if image is None else (IMAGE, str(image))

    @property
    def stands_in_address(self) -> bool:
        """Whether the visitor is where its answer is, and has not gone back from there."""
        name, value = self.address
        return st.query_params.get(name) == value

    def predict(self, api: Api) -> Prediction:
        if self.refused is not None:
            raise ApiError("too_many_bytes", self.refused)
        if self.prediction is None:
            self.prediction = api.predict(self.picture)
        return self.prediction

    def find_similar(self, api: Api, wanted: Wanted) -> Similar:
        """The pictures like the visitor's, or like `centre`."""
        of = self.picture if self.centre is None else Picture("", b"", self.centre.id)
        key = of.image_id, wanted
        if key not in self.similar:
            self.similar[key] = calls.similar(api, of, wanted)
        return self.similar[key]

    def explain(self, api: Api, label: str) -> Explanation:
        if label not in self.explained:
            self.explained[label] = calls.explain(api, self.picture, label)
        return self.explained[label]

    def look_around(self, centre: LibraryImage | None) -> None:
        """Shows what is like `centre`; None: like the visitor's picture again."""
        self.centre = centre

    def key(self, name: str) -> str:
        """That of a widget which starts anew with each picture."""
        return f"{name}-{self.number}"


def number() -> int:
    """How many visits there were: what a widget's key holds that starts anew after each."""
    return cast(int, st.session_state.get(LAST, 0))


def current() -> Visit | None:
    return cast(Visit | None, st.session_state.get(KEY))


def returned() -> Visit | None:
    """The visit that the address names, where the page was loaded anew since; None where nobody keeps it."""
    token = st.query_params.get(PICTURE, "")
    found = brought.pictures().find(token)
    if found is None:
        return None
    kept, picture = found
    asked = Visit(picture, preview(picture.data), kept.comparable, _next_number(), token=token)
    asked.prediction, asked.reported = kept.prediction, kept.reported
    st.session_state[KEY] = asked
    return asked


def begin(picture: Picture, *, comparable: bool) -> None:
    end()
    refused = None
    if len(picture.data) > MOST_PICTURE_BYTES:
        # The API would refuse it only once all of it had been sent, and until then it would lie here.
        refused = f"it has {len(picture.data) / 2**20:,.1f} MB, and {MOST_PICTURE_MB} MB are the most"
        picture = replace(picture, data=b"")
    asked = Visit(picture, preview(picture.data), comparable, _next_number(), refused=refused)
    if picture.image_id is None:
        asked.token = brought.pictures().keep(picture, comparable=comparable)
    st.session_state[KEY] = asked
    name, value = asked.address
    st.query_params[name] = value


def end() -> None:
    """Forgets the visit, its picture and its address."""
    asked = cast(Visit | None, st.session_state.pop(KEY, None))
    if asked is not None:
        brought.pictures().forget(asked.token)
    for name in (IMAGE, PICTURE):
        st.query_params.pop(name, None)


def _next_number() -> int:
    st.session_state[LAST] = number() + 1
    return number()
