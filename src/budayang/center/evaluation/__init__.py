"""The room "evaluation": ratings, invitations to rate and negative-rating cases."""
