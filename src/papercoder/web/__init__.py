"""The page: `papercoder web`. The one room that knows NiceGUI; it draws what events and artifacts say."""
