"""The room "signage": sign catalogue, plans of areas, artwork, plates and audits (标志标识, chapter 6)."""
