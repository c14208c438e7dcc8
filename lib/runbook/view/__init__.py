"""What an operator sees: tables, banners, progress, pictures. Everything has a text form."""
