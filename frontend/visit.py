"""What one visitor has asked so far. It outlives Streamlit's reruns: the API is asked nothing twice."""

from dataclasses import dataclass, field
from typing import cast

import streamlit as st

from frontend.answers import Prediction, Similar
from frontend.client import Api
from frontend.picture import Picture, preview

KEY = "visit"


@dataclass
class Visit:
    """`gallery_label`: whose pictures are shown for comparison, None while the gallery is closed;
    `comparable`: whether there are any."""

    picture: Picture
    preview: bytes | None
    comparable: bool
    prediction: Prediction | None = None
    gallery_label: str | None = None
    similar: dict[str, Similar] = field(default_factory=dict)

    def predict(self, api: Api) -> Prediction:
        if self.prediction is None:
            self.prediction = api.predict(self.picture)
        return self.prediction

    def find_similar(self, api: Api, label: str) -> Similar:
        if label not in self.similar:
            self.similar[label] = api.similar(self.picture, label)
        return self.similar[label]

    def show_gallery(self, label: str) -> None:
        self.gallery_label = label


def current() -> Visit | None:
    return cast(Visit | None, st.session_state.get(KEY))


def begin(picture: Picture, *, comparable: bool) -> None:
    st.session_state[KEY] = Visit(picture, preview(picture.data), comparable)


def end() -> None:
    del st.session_state[KEY]
