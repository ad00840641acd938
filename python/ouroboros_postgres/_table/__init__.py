"""What is behind `Table`: reading declarations, the state of instances, writing rows, making tables."""
