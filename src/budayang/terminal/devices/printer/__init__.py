"""A4 printer by IPP (RFC 8011): states in XFS words, jobs followed to their end."""
