"""What an operator sees: tables, banners, progress, buttons, pictures. Everything has a text form."""
