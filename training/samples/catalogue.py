"""The sample sets: where each is published, under which licence, and what its archives are to be."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from training.samples.oxford_pets import write_labels


@dataclass(frozen=True)
class Archive:
    """A file to download, with the size in bytes and the SHA-256 that it must have."""

    url: str
    bytes: int
    sha256: str

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class Sample:
    """`source`: what of its folder to ingest; `finish` completes the folder once it is unpacked."""

    name: str
    about: str
    licence: str
    homepage: str
    archives: tuple[Archive, ...]
    source: str
    finish: Callable[[Path], None] | None = None

    @property
    def bytes(self) -> int:
        return sum(archive.bytes for archive in self.archives)


# The checksums are those that TensorFlow Datasets (oxford_iiit_pet), PyTorch's tutorials
# (.jenkins/download_data.py) and Hugging Face Datasets (cats_vs_dogs) check their downloads by.
SAMPLES = {
    sample.name: sample
    for sample in (
        Sample(
            name="oxford-iiit-pet",
            about="37 breeds of cats and dogs, 7,349 pictures with a given test split",
            licence="CC BY-SA 4.0",
            homepage="https://www.robots.ox.ac.uk/~vgg/data/pets/",
            archives=(
                Archive(
                    "https://www.robots.ox.ac.uk/~vgg/data/pets/data/images.tar.gz",
                    791_918_971,
                    "67195c5e1c01f1ab5f9b6a5d22b8c27a580d896ece458917e61d459337fa318d",
                ),
                Archive(
                    "https://www.robots.ox.ac.uk/~vgg/data/pets/data/annotations.tar.gz",
                    19_173_078,
                    "52425fb6de5c424942b7626b428656fcbd798db970a937df61750c0f1d358e91",
                ),
            ),
            source="labels.csv",
            finish=write_labels,
        ),
        Sample(
            name="hymenoptera",
            about="ants and bees, 397 pictures with a given validation split",
            licence="none is stated; the pictures are from ImageNet",
            homepage="https://pytorch.org/tutorials/beginner/transfer_learning_tutorial.html",
            archives=(
                Archive(
                    "https://download.pytorch.org/tutorial/hymenoptera_data.zip",
                    47_286_322,
                    "fbc41b31d544714d18dd1230b1e2b455e1557766e13e67f9f5a7a23af7c02209",
                ),
            ),
            source="hymenoptera_data",
        ),
        Sample(
            name="cats-and-dogs",
            about="cats and dogs, 25,000 pictures, some of them damaged",
            licence="Microsoft's research licence MSR-LA, which the archive holds",
            homepage="https://www.microsoft.com/en-us/download/details.aspx?id=54765",
            archives=(
                Archive(
                    "https://download.microsoft.com/download/3/E/1/3E1C3F21-ECDB-4869-8368-6DEBA77B919F/"
                    "kagglecatsanddogs_5340.zip",
                    824_887_076,
                    "b7974bd00a84a99921f36ee4403f089853777b5ae8d151c76a86e64900334af9",
                ),
            ),
            source="PetImages",
        ),
    )
}
