"""siunitx: numbers and quantities as the package prints them."""
