from frontend.deeds import brief


def test_a_long_file_name_keeps_its_ends() -> None:
    assert brief("tiger-17.jpg") == "tiger-17.jpg"
    assert brief("e83db60c2cf7083ed1584d05fb1d4e9fe777ead2_640.jpg") == "e83db60c2c…e777ead2_640.jpg"
