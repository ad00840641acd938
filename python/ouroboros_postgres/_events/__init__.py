"""What is behind `events`: who listens to what, and how listeners are called."""
