"""The chapters that are charts: what is drawn, where it stands, what is said. Figures come from traces, measurements or citations."""
