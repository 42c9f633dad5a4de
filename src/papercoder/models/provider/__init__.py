"""Models of providers, through pydantic-ai; importing this takes a second, so only the resolver does, when asked."""

from papercoder.models.provider.model import Provided as Provided
