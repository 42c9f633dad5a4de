"""Models of providers, through pydantic-ai; it takes a second to import, so the resolver does it when needed."""

from papercoder.models.provider.model import ProviderModel as ProviderModel
