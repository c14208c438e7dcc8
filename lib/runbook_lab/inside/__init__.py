"""What runs inside a lab's server: its first process, and stand-ins for what no package brings.

Standard library only, but for the YAML of cloud-configs: these programs must start at once.
"""
