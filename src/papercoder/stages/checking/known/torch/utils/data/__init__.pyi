from typing import Any, Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)

class Dataset(Generic[T_co]):
    def __add__(self, other: Any) -> Any: ...
    __getitem__: Any

class IterableDataset(Dataset[T_co]):
    __iter__: Any

def __getattr__(name: str) -> Any: ...
