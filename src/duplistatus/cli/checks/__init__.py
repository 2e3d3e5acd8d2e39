"""What `duplistatus check` looks at, a module for each part."""
