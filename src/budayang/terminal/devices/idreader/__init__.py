"""Resident identity card reader (二代证阅读器): SAM_V frames, card data, driver."""
