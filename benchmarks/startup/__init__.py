"""How long it takes to start: `papercoder --help` and `import papercoder`, beside Python alone."""
